#pragma once

#include <set>
#include <string>

#include <gazebo/physics/physics.hh>

namespace deepracer
{
/// Collects the names of the models that the car touches, the ground left out.
class Contacts
{
public:
  Contacts(gazebo::physics::WorldPtr world, gazebo::physics::ModelPtr car);

  void Clear() { names_.clear(); }

  /// Looks at the contacts of one physics iteration.
  void Collect();

  /// The names, sorted, separated by line feeds.
  std::string Names() const;

private:
  gazebo::physics::ContactManager *manager_;
  gazebo::physics::ModelPtr car_;
  std::set<std::string> names_;
};
}  // namespace deepracer
