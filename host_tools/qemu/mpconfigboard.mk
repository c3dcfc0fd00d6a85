include boards/MPS2_AN385/mpconfigboard.mk
MICROPY_VFS_LFS2 = 1
FROZEN_MANIFEST = $(BOARD_DIR)/manifest.py
CFLAGS += -DMP_CONFIGFILE='"$(BOARD_DIR)/mpconfigboard.h"'
LDFLAGS += -T $(BOARD_DIR)/unwind.ld
vpath %.c $(BOARD_DIR)
SRC_C += inkmeter_board.c shared/timeutils/timeutils.c
$(BUILD)/main.o $(BUILD)/mphalport.o $(BUILD)/mcu/arm/startup.o: CFLAGS += -include $(BOARD_DIR)/weak.h
