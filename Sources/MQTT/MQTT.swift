// Room MQTT.
