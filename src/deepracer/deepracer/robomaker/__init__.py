"""The RoboMaker simulation application: one simulation, told by environment variables and a YAML.

Read along the data: `variables` has the table of names, `told` reads environment and YAML, `places`
and `job` say where things are, `race_settings` makes settings of the rest. `preparation` fetches
`inputs` and waits for the trainer (`trainer_search`), `driving` lets the simulation run.
"""
