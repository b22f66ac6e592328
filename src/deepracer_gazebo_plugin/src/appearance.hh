#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>

#include <gazebo/physics/physics.hh>
#include <gazebo/rendering/ogre_gazebo.h>
#include <gazebo/rendering/rendering.hh>

#include "frames.hh"

namespace deepracer
{
/// What the world looks like: light, colours, textures, and where the cameras look.
///
/// Everything is set from what the world's files say, which is kept, never from what was set before: so the
/// same conditions always give the same pixels, and neutral ones those of the files, bit for bit.
class Appearance
{
public:
  explicit Appearance(gazebo::physics::WorldPtr world) : world_(world) {}

  /// From the next picture on. Not while one is being taken.
  void Set(const Conditions &conditions);

  /// On the render thread, before a camera's picture. One that is no part of the car is not turned.
  void Show(const gazebo::rendering::ScenePtr &scene, const gazebo::rendering::CameraPtr &camera,
            bool of_the_car);

private:
  /// Whatever has been met, as it was then.
  struct Light
  {
    Ogre::ColourValue diffuse, specular;
    Ogre::Vector3 direction;
  };
  struct View
  {
    Ogre::Quaternion orientation;
    double field_of_view;
    Ogre::Radian vertical;
    Ogre::ColourValue background;
    uint64_t shown;
  };
  struct Paint
  {
    Ogre::ColourValue ambient, diffuse;
    Ogre::TexturePtr texture;
  };

  void Illuminate(Ogre::SceneManager &manager);
  void Aim(gazebo::rendering::Camera &camera, bool of_the_car);
  void Cover(const gazebo::rendering::ScenePtr &scene);
  void Cover(gazebo::rendering::Visual &visual, const double *factors, uint32_t texture);
  void Cover(Ogre::Material &material, const double *factors, uint32_t texture);
  Ogre::ColourValue Lit(const Ogre::ColourValue &color) const;

  gazebo::physics::WorldPtr world_;
  Conditions conditions_;
  uint64_t version_ = 1;  // of the conditions
  uint64_t shown_ = 0;

  bool has_ambient_ = false;
  Ogre::ColourValue ambient_;
  std::map<const Ogre::Light *, Light> lights_;
  std::map<const gazebo::rendering::Camera *, View> views_;
  std::map<const Ogre::Material *, Paint> paints_;
};
}  // namespace deepracer
