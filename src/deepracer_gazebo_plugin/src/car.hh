#pragma once

#include <array>

#include <gazebo/physics/physics.hh>

#include "frames.hh"

namespace deepracer
{
/// What the driver asks for.
struct Command
{
  double steering_angle = 0.0;
  double speed = 0.0;
};

/// The car: a servo on each front wheel, a motor on each wheel, all limited in what they can do.
class Car
{
public:
  /// Throws std::runtime_error when the model lacks a joint.
  explicit Car(gazebo::physics::ModelPtr model);

  void SetCommand(const Command &command) { command_ = command; }

  /// Moves the targets of the motors; once for each physics iteration.
  void Drive();

  /// Puts the car at rest at a pose on the ground, and forgets everything that came before.
  void Reset(double x, double y, double yaw);

  /// Fills in pose, twist and joints.
  void Observe(Reply &reply) const;

  gazebo::physics::ModelPtr Model() const { return model_; }

private:
  gazebo::physics::ModelPtr model_;
  gazebo::physics::LinkPtr base_;
  std::array<gazebo::physics::JointPtr, 2> steering_;  // left, right
  std::array<gazebo::physics::JointPtr, 4> wheels_;    // front left, front right, rear left, rear right
  Command command_;
};
}  // namespace deepracer
