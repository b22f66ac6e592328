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
#include "frames.hh"

namespace deepracer
{
/// Take their pictures when they are asked for, of the world as it stands at that instant.
///
/// Pictures can only be made on Gazebo's render thread, which waits here for the world's thread to ask.
class Cameras
{
public:
  /// Throws std::runtime_error when the car carries no camera, or one whose name is too long for the wire.
  Cameras(gazebo::physics::WorldPtr world, gazebo::physics::ModelPtr car, Appearance &appearance);

  /// Everything in the world can be seen; the views are known from then on.
  bool Ready();

  /// Name and size of each camera, in the order in which the car's SDF has them.
  const std::vector<View> &Views() const { return views_; }

  /// Fills in the pictures of all cameras, one after the other, but of those whose bit is set in `omitted`, the
  /// lowest for the first camera. Called on the world's thread. False when the simulator shuts down meanwhile.
  bool Shoot(std::vector<uint8_t> &images, uint32_t omitted);

private:
  bool IsOmitted(size_t camera) const { return (omitted_ >> camera) & 1; }
  void OnRender();
  void Render();
  bool SceneIsComplete();
  void PoseVisuals();

  gazebo::physics::WorldPtr world_;
  Appearance &appearance_;
  std::vector<gazebo::sensors::CameraSensorPtr> sensors_;
  gazebo::rendering::ScenePtr scene_;
  std::vector<View> views_;
  int warm_up_ = 3;

  std::mutex mutex_;
  std::condition_variable changed_;
  bool ready_ = false;
  bool wanted_ = false;
  uint32_t omitted_ = 0;
  std::vector<uint8_t> images_;

  gazebo::event::ConnectionPtr render_;  // last: it goes first
};
}  // namespace deepracer
