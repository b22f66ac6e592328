#include "grip.hh"

namespace deepracer
{
Grip::Grip(const gazebo::physics::ModelPtr &car)
{
  for (const auto &link : car->GetLinks())
    for (const auto &collision : link->GetCollisions())
      if (const auto friction = collision->GetSurface()->FrictionPyramid())
        surfaces_.push_back({friction, friction->MuPrimary(), friction->MuSecondary()});
}

void Grip::Set(double factor)
{
  for (const auto &surface : surfaces_)
  {
    surface.friction->SetMuPrimary(factor * surface.along);
    surface.friction->SetMuSecondary(factor * surface.across);
  }
}
}  // namespace deepracer
