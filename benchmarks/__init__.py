"""What the product costs, each time beside the limit of the parts that it is made of."""
