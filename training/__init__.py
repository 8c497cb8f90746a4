"""Trains the models that ship: renders plates and scenes, trains, measures and exports."""
