// Room TwinModel.
