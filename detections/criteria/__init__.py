"""What people search detections and plates for, as one value: free of the database."""
