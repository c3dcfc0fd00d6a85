"""The simulated home: radio module, hub, meters, household, supplier and panel, on one clock."""
