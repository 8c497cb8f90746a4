"""A believable city and its traffic, to try the server with as many detections as are wanted."""
