// Room BlockingThread.
