// Room TangleClient.
