"""A radio module as the device sees it: ASH and EZSP on a UART, a Zigbee end device's stack behind them."""
