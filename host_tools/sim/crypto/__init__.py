"""The arithmetic of Smart Energy security, as the radio modules, meters and hub of the simulated home do it."""
