#pragma once

#include <vector>

#include <gazebo/physics/physics.hh>

namespace deepracer
{
/// How well the tyres hold: the friction of the car's surfaces.
class Grip
{
public:
  explicit Grip(const gazebo::physics::ModelPtr &car);

  /// Sets the friction to so many times that of the model.
  void Set(double factor);

private:
  struct Surface
  {
    gazebo::physics::FrictionPyramidPtr friction;
    double along, across;  // coefficients of the model
  };

  std::vector<Surface> surfaces_;
};
}  // namespace deepracer
