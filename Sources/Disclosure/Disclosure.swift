// Room Disclosure.
