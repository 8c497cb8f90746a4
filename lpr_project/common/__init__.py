"""Ground under the apps; imports none of them."""
