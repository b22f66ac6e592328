#include "contacts.hh"

namespace deepracer
{
namespace
{
bool IsGround(const gazebo::physics::Collision &collision)
{
  const auto shape = collision.GetShape();
  return shape->HasType(gazebo::physics::Base::PLANE_SHAPE) ||
         shape->HasType(gazebo::physics::Base::HEIGHTMAP_SHAPE);
}
}  // namespace

Contacts::Contacts(gazebo::physics::WorldPtr world, gazebo::physics::ModelPtr car)
  : manager_(world->Physics()->GetContactManager()), car_(car)
{
  // Gazebo keeps contacts only for subscribers, and we read them where they arise.
  manager_->SetNeverDropContacts(true);
}

void Contacts::Collect()
{
  const auto &contacts = manager_->GetContacts();
  for (unsigned int i = 0; i < manager_->GetContactCount(); ++i)
  {
    const auto &contact = *contacts[i];
    if (contact.count == 0 || IsGround(*contact.collision1) || IsGround(*contact.collision2))
      continue;
    const auto first = contact.collision1->GetModel();
    const auto second = contact.collision2->GetModel();
    if (first == car_ && second != car_)
      names_.insert(second->GetName());
    else if (second == car_ && first != car_)
      names_.insert(first->GetName());
  }
}

std::string Contacts::Names() const
{
  std::string text;
  for (const auto &name : names_)
    text += (text.empty() ? "" : "\n") + name;
  return text;
}
}  // namespace deepracer
