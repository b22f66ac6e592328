from setuptools import find_packages, setup

package_name = "deepracer_trainer"

setup(
    name=package_name,
    version="0.1.0",
    description="The trainer: batches from Redis, PPO in TensorFlow, model versions to the store.",
    maintainer="The DeepRacer maintainers",
    maintainer_email="maintainers@deepracer.example",
    license="Apache-2.0",
    packages=find_packages(),
    data_files=[
        ("share/ament_index/resource_index/packages", [f"resource/{package_name}"]),
        (f"share/{package_name}", ["package.xml"]),
    ],
    zip_safe=False,
    python_requires=">=3.10",
    extras_require={"test": ["pytest"]},
    entry_points={
        "console_scripts": [
            "sagemaker_train = deepracer_trainer.sagemaker.train:main",
            "trainer = deepracer_trainer.main:main",
        ],
    },
)
