#include "camera.hh"

#include <chrono>
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

gazebo::sensors::CameraSensorPtr FindCamera(const gazebo::physics::ModelPtr &car)
{
  for (const auto &link : car->GetLinks())
    for (unsigned int i = 0; i < link->GetSensorCount(); ++i)
    {
      auto sensor = gazebo::sensors::get_sensor(link->GetSensorName(i));
      if (auto camera = std::dynamic_pointer_cast<gazebo::sensors::CameraSensor>(sensor))
        return camera;
    }
  throw std::runtime_error("model '" + car->GetName() + "' has no camera");
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

Camera::Camera(gazebo::physics::WorldPtr world, gazebo::physics::ModelPtr car, Appearance &appearance)
  : world_(world), appearance_(appearance), sensor_(FindCamera(car))
{
  sensor_->SetActive(false);
  render_ = gazebo::event::Events::ConnectRender([this] { OnRender(); });
}

bool Camera::Ready()
{
  std::lock_guard<std::mutex> lock(mutex_);
  return ready_;
}

bool Camera::Shoot(std::vector<uint8_t> &image)
{
  std::unique_lock<std::mutex> lock(mutex_);
  wanted_ = true;
  changed_.notify_all();
  while (wanted_)
  {
    changed_.wait_for(lock, kShutdownCheck);
    if (wanted_ && !world_->Running())
      return false;
  }
  image.swap(image_);
  return true;
}

void Camera::OnRender()
{
  std::unique_lock<std::mutex> lock(mutex_);
  if (!ready_)
  {
    if (!SceneIsComplete())
      return;
    appearance_.Show(scene_, sensor_->Camera());
    // The first pictures build shaders and textures.
    sensor_->Camera()->Render(true);
    sensor_->Camera()->PostRender();
    ready_ = --warm_up_ == 0;
    return;
  }
  if (!changed_.wait_for(lock, kRenderWait, [this] { return wanted_; }))
    return;

  PoseVisuals();
  const auto camera = sensor_->Camera();
  appearance_.Show(scene_, camera);
  camera->Render(true);
  camera->PostRender();
  const uint8_t *pixels = camera->ImageData();
  image_.assign(pixels, pixels + width_ * height_ * 3);
  wanted_ = false;
  changed_.notify_all();
}

bool Camera::SceneIsComplete()
{
  scene_ = gazebo::rendering::get_scene(world_->Name());
  const auto camera = sensor_->Camera();
  if (!scene_ || !scene_->Initialized() || !camera || !camera->Initialized())
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
  width_ = camera->ImageWidth();
  height_ = camera->ImageHeight();
  return true;
}

void Camera::PoseVisuals()
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
