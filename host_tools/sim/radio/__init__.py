"""Radio as it is on the air: IEEE 802.15.4 frames and MAC, Zigbee network frames and their security, captures."""
