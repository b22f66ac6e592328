#pragma once

#include <string>
#include <vector>

#include <gazebo/physics/physics.hh>

#include "frames.hh"

namespace deepracer
{
/// What else is on the road: models of the world that stand where they are told to.
class Objects
{
public:
  explicit Objects(gazebo::physics::WorldPtr world) : world_(world) {}

  /// Puts each model at its place. Returns the name of one that the world does not have, or nothing.
  std::string Place(const std::vector<Placed> &places);

private:
  gazebo::physics::WorldPtr world_;
};
}  // namespace deepracer
