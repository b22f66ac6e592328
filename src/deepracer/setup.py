from pathlib import Path

from setuptools import find_packages, setup

package_name = "deepracer"
shared_folders = ("launch", "worlds", "models", "config")
not_installed = {"__pycache__", ".pytest_cache", ".ruff_cache"}


def shared_files():
    """The top-level folders of the repository, file by file, for share/deepracer.

    Yields:
        pairs of an install folder and the files that go there; sources are named relative to this
        file's folder because colcon's symbolic-link install asks for that.
    """
    for folder in shared_folders:
        files_by_folder = {}
        for path in sorted(Path("../..", folder).rglob("*")):
            if path.is_file() and not not_installed.intersection(path.parts):
                files_by_folder.setdefault(path.parent, []).append(str(path))
        for source, files in files_by_folder.items():
            yield f"share/{package_name}/{source.relative_to('../..')}", files


setup(
    name=package_name,
    version="0.1.0",
    description="An open AWS DeepRacer training system: launch files, worlds, models, "
    "configuration and the command line.",
    maintainer="The DeepRacer maintainers",
    maintainer_email="maintainers@deepracer.example",
    license="Apache-2.0",
    packages=find_packages(),
    package_data={"deepracer.live_video": ["page.html"]},
    data_files=[
        ("share/ament_index/resource_index/packages", [f"resource/{package_name}"]),
        (f"share/{package_name}", ["package.xml"]),
        *shared_files(),
    ],
    zip_safe=False,
    python_requires=">=3.10",
    extras_require={"test": ["pytest"]},
    entry_points={
        "console_scripts": [
            "deepracer = deepracer.command_line:main",
            "live_video = deepracer.live_video.node:main",
            "flat_live_video = deepracer.live_video.flat_process:main",
            "sagemaker_job = deepracer.sagemaker_job:main",
        ],
    },
)
