"""The RoboMaker simulation application: one simulation, told by environment variables and a YAML.

Read in the order in which it goes: `variables` has the table of names, `told` reads them,
`job` makes a simulation's places of them, `inputs` and `trainer_search` wait for the rest of it,
`command` drives.
"""
