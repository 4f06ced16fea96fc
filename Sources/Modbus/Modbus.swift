// Room Modbus.
