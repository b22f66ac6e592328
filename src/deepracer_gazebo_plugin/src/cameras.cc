#include "cameras.hh"

#include <chrono>
#include <cstring>
#include <stdexcept>

#include <gazebo/rendering/ogre_gazebo.h>

using namespace std::chrono_literals;

namespace deepracer
{
namespace
{
// The render thread has other duties (requests, shutdown), so it does not wait for ever.
constexpr auto kRenderWait = 20ms;
constexpr auto kShutdownCheck = 100ms;

std::vector<gazebo::sensors::CameraSensorPtr> FindCameras(const gazebo::physics::ModelPtr &car)
{
  std::vector<gazebo::sensors::CameraSensorPtr> cameras;
  for (const auto &link : car->GetLinks())
    for (unsigned int i = 0; i < link->GetSensorCount(); ++i)
    {
      auto sensor = gazebo::sensors::get_sensor(link->GetSensorName(i));
      if (auto camera = std::dynamic_pointer_cast<gazebo::sensors::CameraSensor>(sensor))
        cameras.push_back(camera);
    }
  if (cameras.empty())
    throw std::runtime_error("model '" + car->GetName() + "' has no camera");
  for (const auto &camera : cameras)
    if (camera->Name().size() >= sizeof(View::name))
      throw std::runtime_error("the camera's name '" + camera->Name() + "' is too long");
  return cameras;
}

void Pose(const gazebo::rendering::ScenePtr &scene, uint32_t id, const ignition::math::Pose3d &pose)
{
  const auto visual = scene->GetVisual(id);
  if (!visual)
    return;
  // Visual::SetPose would also write the pose, as text, into the visual's SDF.
  auto *node = visual->GetSceneNode();
  node->setPosition(pose.Pos().X(), pose.Pos().Y(), pose.Pos().Z());
  node->setOrientation(pose.Rot().W(), pose.Rot().X(), pose.Rot().Y(), pose.Rot().Z());
}
}  // namespace

Cameras::Cameras(gazebo::physics::WorldPtr world, gazebo::physics::ModelPtr car, Appearance &appearance)
  : world_(world), appearance_(appearance), sensors_(FindCameras(car))
{
  for (const auto &sensor : sensors_)
    sensor->SetActive(false);
  render_ = gazebo::event::Events::ConnectRender([this] { OnRender(); });
}

bool Cameras::Ready()
{
  std::lock_guard<std::mutex> lock(mutex_);
  return ready_;
}

bool Cameras::Shoot(std::vector<uint8_t> &images, uint32_t omitted)
{
  std::unique_lock<std::mutex> lock(mutex_);
  omitted_ = omitted;
  wanted_ = true;
  changed_.notify_all();
  while (wanted_)
  {
    changed_.wait_for(lock, kShutdownCheck);
    if (wanted_ && !world_->Running())
      return false;
  }
  images.swap(images_);
  return true;
}

void Cameras::OnRender()
{
  std::unique_lock<std::mutex> lock(mutex_);
  if (!ready_)
  {
    if (!SceneIsComplete())
      return;
    // The first pictures build shaders and textures.
    Render();
    ready_ = --warm_up_ == 0;
    return;
  }
  if (!changed_.wait_for(lock, kRenderWait, [this] { return wanted_; }))
    return;

  PoseVisuals();
  Render();
  images_.clear();
  for (size_t i = 0; i < sensors_.size(); ++i)
  {
    if (IsOmitted(i))
      continue;
    const uint8_t *pixels = sensors_[i]->Camera()->ImageData();
    images_.insert(images_.end(), pixels, pixels + views_[i].width * views_[i].height * 3);
  }
  wanted_ = false;
  changed_.notify_all();
}

void Cameras::Render()
{
  for (size_t i = 0; i < sensors_.size(); ++i)
  {
    if (IsOmitted(i))
      continue;
    const auto &sensor = sensors_[i];
    // The chase camera is no part of the car: nobody mounted it askew.
    appearance_.Show(scene_, sensor->Camera(), sensor->Name() != "chase");
    sensor->Camera()->Render(true);
    sensor->Camera()->PostRender();
  }
}

bool Cameras::SceneIsComplete()
{
  scene_ = gazebo::rendering::get_scene(world_->Name());
  if (!scene_ || !scene_->Initialized())
    return false;
  for (const auto &sensor : sensors_)
    if (!sensor->Camera() || !sensor->Camera()->Initialized())
      return false;
  for (const auto &model : world_->Models())
    for (const auto &link : model->GetLinks())
    {
      if (!scene_->GetVisual(link->GetId()))
        return false;
      for (const auto &visual : link->Visuals())
        if (!scene_->GetVisual(visual.first))
          return false;
    }
  if (scene_->LightCount() < world_->LightCount())
    return false;
  views_.clear();
  for (const auto &sensor : sensors_)
  {
    View view{};
    std::strncpy(view.name, sensor->Name().c_str(), sizeof(view.name) - 1);
    view.width = sensor->Camera()->ImageWidth();
    view.height = sensor->Camera()->ImageHeight();
    views_.push_back(view);
  }
  return true;
}

void Cameras::PoseVisuals()
{
  for (const auto &model : world_->Models())
  {
    if (model->IsStatic())
      continue;
    // Poses relative to the parent: the result does not depend on the order in which they are set.
    Pose(scene_, model->GetId(), model->WorldPose());
    for (const auto &link : model->GetLinks())
      Pose(scene_, link->GetId(), link->RelativePose());
  }
}
}  // namespace deepracer
