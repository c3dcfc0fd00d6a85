include("$(MPY_DIR)/extmod/asyncio")
module("_boot.py", base_path="$(BOARD_DIR)")
