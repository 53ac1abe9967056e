"""How fast the product is, each line beside a yardstick measured in turn in the same run: machines vary, ratios less."""
