#pragma once

#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <vector>

#include <gazebo/common/Events.hh>
#include <gazebo/physics/physics.hh>
#include <gazebo/rendering/rendering.hh>
#include <gazebo/sensors/sensors.hh>

#include "appearance.hh"

namespace deepracer
{
/// Takes the camera's picture when it is asked for, of the world as it stands at that instant.
///
/// Pictures can only be made on Gazebo's render thread, which waits here for the world's thread to ask.
class Camera
{
public:
  /// Throws std::runtime_error when the car carries no camera.
  Camera(gazebo::physics::WorldPtr world, gazebo::physics::ModelPtr car, Appearance &appearance);

  /// Everything in the world can be seen; the size is known from then on.
  bool Ready();

  unsigned int Width() const { return width_; }
  unsigned int Height() const { return height_; }

  /// Called on the world's thread. False when the simulator shuts down meanwhile.
  bool Shoot(std::vector<uint8_t> &image);

private:
  void OnRender();
  bool SceneIsComplete();
  void PoseVisuals();

  gazebo::physics::WorldPtr world_;
  Appearance &appearance_;
  gazebo::sensors::CameraSensorPtr sensor_;
  gazebo::rendering::ScenePtr scene_;
  unsigned int width_ = 0;
  unsigned int height_ = 0;
  int warm_up_ = 3;

  std::mutex mutex_;
  std::condition_variable changed_;
  bool ready_ = false;
  bool wanted_ = false;
  std::vector<uint8_t> image_;

  gazebo::event::ConnectionPtr render_;  // last: it goes first
};
}  // namespace deepracer
