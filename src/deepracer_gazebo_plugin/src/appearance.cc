#include "appearance.hh"

#include <cmath>

#include <gazebo/common/Console.hh>

#include "conditions.hh"

namespace deepracer
{
namespace
{
Ogre::ColourValue Times(const Ogre::ColourValue &color, const double *factors)
{
  return Ogre::ColourValue(color.r * factors[0], color.g * factors[1], color.b * factors[2], color.a);
}

/// The direction of a light that stands further round and higher up.
Ogre::Vector3 Turned(const Ogre::Vector3 &direction, double azimuth, double elevation)
{
  if (azimuth == 0.0 && elevation == 0.0)
    return direction;
  const double level = std::hypot(direction.x, direction.y);
  const double round = (level > 0.0 ? std::atan2(direction.y, direction.x) : 0.0) + azimuth;
  const double up = std::atan2(-direction.z, level) + elevation;
  return Ogre::Vector3(std::cos(up) * std::cos(round), std::cos(up) * std::sin(round), -std::sin(up));
}

bool BeginsWith(const std::string &text, const std::string &begin)
{
  return text.compare(0, begin.size(), begin) == 0;
}

/// The texture of this number, beside the one of number 0: grass.png, grass_1.png, ...
Ogre::TexturePtr Variant(const Ogre::TexturePtr &texture, uint32_t number)
{
  if (number == 0 || texture.isNull())
    return texture;
  std::string name = texture->getName();
  name.insert(name.rfind('.'), "_" + std::to_string(number));
  if (!Ogre::ResourceGroupManager::getSingleton().resourceExistsInAnyGroup(name))
  {
    gzerr << "deepracer: there is no texture " << name << ": it stays " << texture->getName() << "\n";
    return texture;
  }
  return Ogre::TextureManager::getSingleton().load(
      name, Ogre::ResourceGroupManager::AUTODETECT_RESOURCE_GROUP_NAME);
}
}  // namespace

void Appearance::Set(const Conditions &conditions)
{
  if (LookAlike(conditions, conditions_))
    return;
  conditions_ = conditions;
  ++version_;
}

void Appearance::Show(const gazebo::rendering::ScenePtr &scene, const gazebo::rendering::CameraPtr &camera,
                      bool of_the_car)
{
  if (shown_ != version_)
  {
    Illuminate(*scene->OgreSceneManager());
    Cover(scene);
    shown_ = version_;
  }
  Aim(*camera, of_the_car);
}

void Appearance::Illuminate(Ogre::SceneManager &manager)
{
  if (!has_ambient_)
  {
    ambient_ = manager.getAmbientLight();
    has_ambient_ = true;
  }
  manager.setAmbientLight(Lit(ambient_));
  // Below Gazebo's own light, which would also write what is set, as text, into its SDF.
  auto found = manager.getMovableObjectIterator(Ogre::LightFactory::FACTORY_TYPE_NAME);
  while (found.hasMoreElements())
  {
    auto *light = static_cast<Ogre::Light *>(found.getNext());
    const Light own{light->getDiffuseColour(), light->getSpecularColour(), light->getDirection()};
    const auto &file = lights_.emplace(light, own).first->second;
    light->setDiffuseColour(Lit(file.diffuse));
    light->setSpecularColour(Lit(file.specular));
    light->setDirection(Turned(file.direction, conditions_.light_azimuth, conditions_.light_elevation));
  }
}

void Appearance::Aim(gazebo::rendering::Camera &camera, bool of_the_car)
{
  auto *node = camera.SceneNode();
  auto *eye = camera.OgreCamera();
  auto *viewport = camera.OgreViewport();
  const View own{node->getOrientation(), camera.HFOV().Radian(), eye->getFOVy(),
                 viewport->getBackgroundColour(), 0};
  auto &view = views_.emplace(&camera, own).first->second;
  if (view.shown == version_)
    return;
  view.shown = version_;

  viewport->setBackgroundColour(Lit(view.background));
  if (!of_the_car)
    return;
  const Ogre::Radian pitch(static_cast<float>(conditions_.camera_pitch));
  node->setOrientation(view.orientation * Ogre::Quaternion(pitch, Ogre::Vector3::UNIT_Y));
  if (conditions_.camera_field_of_view == 0.0)
    return eye->setFOVy(view.vertical);
  const double half = 0.5 * (view.field_of_view + conditions_.camera_field_of_view);
  eye->setFOVy(Ogre::Radian(static_cast<float>(2.0 * std::atan(std::tan(half) / eye->getAspectRatio()))));
}

void Appearance::Cover(const gazebo::rendering::ScenePtr &scene)
{
  for (const auto &model : world_->Models())
  {
    const auto name = model->GetName();
    const bool is_object = BeginsWith(name, "obstacle_") || BeginsWith(name, "bot_car_");
    for (const auto &link : model->GetLinks())
      for (const auto &[id, message] : link->Visuals())
      {
        const auto visual = scene->GetVisual(id);
        if (!visual)
          continue;
        const auto material = message.material().script().name();
        if (is_object)
          Cover(*visual, conditions_.object_color, 0);
        else if (material == "Field/Asphalt")
          Cover(*visual, conditions_.road_color, conditions_.road_texture);
        else if (material == "Field/Grass")
          Cover(*visual, conditions_.field_color, conditions_.field_texture);
        else if (material == "Field/WhiteLine" || material == "Field/OrangeLine")
          Cover(*visual, conditions_.line_color, 0);
      }
  }
}

void Appearance::Cover(gazebo::rendering::Visual &visual, const double *factors, uint32_t texture)
{
  auto *node = visual.GetSceneNode();
  for (unsigned int i = 0; i < node->numAttachedObjects(); ++i)
    if (auto *entity = dynamic_cast<Ogre::Entity *>(node->getAttachedObject(i)))
      for (unsigned int part = 0; part < entity->getNumSubEntities(); ++part)
        Cover(*entity->getSubEntity(part)->getMaterial(), factors, texture);
}

void Appearance::Cover(Ogre::Material &material, const double *factors, uint32_t texture)
{
  // The first technique is the file's; the others are made of it, for Gazebo's shaders.
  auto *first = material.getTechnique(0)->getPass(0);
  const bool has_texture = first->getNumTextureUnitStates() > 0;
  const Paint own{first->getAmbient(), first->getDiffuse(),
                  has_texture ? first->getTextureUnitState(0)->_getTexturePtr() : Ogre::TexturePtr()};
  const auto &file = paints_.emplace(&material, own).first->second;
  const auto covering = Variant(file.texture, texture);
  for (unsigned short i = 0; i < material.getNumTechniques(); ++i)
  {
    auto *technique = material.getTechnique(i);
    for (unsigned short j = 0; j < technique->getNumPasses(); ++j)
    {
      auto *pass = technique->getPass(j);
      pass->setAmbient(Times(file.ambient, factors));
      pass->setDiffuse(Times(file.diffuse, factors));
      // By name, the material would be compiled anew.
      if (has_texture && pass->getNumTextureUnitStates() > 0)
        pass->getTextureUnitState(0)->_setTexturePtr(covering);
    }
  }
}

Ogre::ColourValue Appearance::Lit(const Ogre::ColourValue &color) const
{
  double factors[3];
  for (int i = 0; i < 3; ++i)
    factors[i] = conditions_.light_strength * conditions_.light_color[i];
  return Times(color, factors);
}
}  // namespace deepracer
