"""The command line of the workspace, and the package that installs its launch files and models."""
