#include "car.hh"

#include <algorithm>
#include <cmath>
#include <stdexcept>


namespace deepracer
{
namespace
{
constexpr double kWheelbase = 0.164;
constexpr double kWheelTrack = 0.16;
constexpr double kWheelRadius = 0.035;
constexpr double kMaxSteeringAngle = 30.0 * M_PI / 180.0;
constexpr double kMaxSpeed = 4.0;

// A hobby servo: 60 degrees in 0.12 s, and a gain that slows it down over the last degrees.
constexpr double kServoRate = 8.7;    // rad/s
constexpr double kServoGain = 40.0;   // 1/s
constexpr double kServoTorque = 3.0;  // N m

// Four of these accelerate 7.5 kg with some 6 m/s^2, below what the tyres hold.
constexpr double kMotorTorque = 0.4;  // N m

gazebo::physics::JointPtr RequireJoint(const gazebo::physics::ModelPtr &model, const std::string &name)
{
  auto joint = model->GetJoint(name);
  if (!joint)
    throw std::runtime_error("model '" + model->GetName() + "' has no joint '" + name + "'");
  return joint;
}

/// The angle of a wheel at `offset` metres to the left of the middle, so that all wheels turn about one point.
double Ackermann(double center_angle, double offset)
{
  const double t = std::tan(center_angle);
  return std::atan(t * kWheelbase / (kWheelbase - offset * t));
}
}  // namespace

Car::Car(gazebo::physics::ModelPtr model)
  : model_(model),
    base_(model->GetLink("base_link")),
    steering_{RequireJoint(model, "left_steering_hinge_joint"), RequireJoint(model, "right_steering_hinge_joint")},
    wheels_{RequireJoint(model, "left_front_wheel_joint"), RequireJoint(model, "right_front_wheel_joint"),
            RequireJoint(model, "left_rear_wheel_joint"), RequireJoint(model, "right_rear_wheel_joint")}
{
  if (!base_)
    throw std::runtime_error("model '" + model->GetName() + "' has no link 'base_link'");
  for (const auto &joint : steering_)
    joint->SetParam("fmax", 0, kServoTorque);
  for (const auto &joint : wheels_)
    joint->SetParam("fmax", 0, kMotorTorque);
}

void Car::Drive()
{
  const double steering = std::clamp(command_.steering_angle, -kMaxSteeringAngle, kMaxSteeringAngle);
  const double speed = std::clamp(command_.speed, -kMaxSpeed, kMaxSpeed);

  std::array<double, 2> angles;
  for (size_t side = 0; side < 2; ++side)
  {
    const double target = Ackermann(steering, side == 0 ? 0.5 * kWheelTrack : -0.5 * kWheelTrack);
    angles[side] = steering_[side]->Position(0);
    const double rate = std::clamp(kServoGain * (target - angles[side]), -kServoRate, kServoRate);
    steering_[side]->SetParam("vel", 0, rate);
  }

  // Where the wheels stand now decides how fast each must turn, or they would fight each other in a bend.
  const double tangent = std::tan(0.5 * (angles[0] + angles[1]));
  for (size_t wheel = 0; wheel < 4; ++wheel)
  {
    const double offset = wheel % 2 == 0 ? 0.5 * kWheelTrack : -0.5 * kWheelTrack;
    const double along = 1.0 - offset * tangent / kWheelbase;
    const double ratio = wheel < 2 ? std::hypot(along, tangent) : along;
    wheels_[wheel]->SetParam("vel", 0, speed * ratio / kWheelRadius);
  }
}

void Car::Reset(double x, double y, double yaw)
{
  command_ = Command{};
  const ignition::math::Pose3d pose(x, y, 0.0, 0.0, 0.0, yaw);
  for (const auto &link : model_->GetLinks())
  {
    link->SetWorldPose(link->InitialRelativePose() + pose);
    link->ResetPhysicsStates();
  }
  for (const auto &joint : model_->GetJoints())
  {
    joint->Reset();
    joint->SetParam("vel", 0, 0.0);
  }
}

void Car::Observe(Reply &reply) const
{
  const auto pose = base_->WorldPose();
  const auto linear = base_->WorldLinearVel();
  const auto angular = base_->WorldAngularVel();
  for (int axis = 0; axis < 3; ++axis)
  {
    reply.position[axis] = pose.Pos()[axis];
    reply.linear_velocity[axis] = linear[axis];
    reply.angular_velocity[axis] = angular[axis];
  }
  reply.orientation[0] = pose.Rot().X();
  reply.orientation[1] = pose.Rot().Y();
  reply.orientation[2] = pose.Rot().Z();
  reply.orientation[3] = pose.Rot().W();
  for (size_t side = 0; side < 2; ++side)
    reply.steering_angles[side] = steering_[side]->Position(0);
  for (size_t wheel = 0; wheel < 4; ++wheel)
    reply.wheel_speeds[wheel] = wheels_[wheel]->GetVelocity(0);
}
}  // namespace deepracer
