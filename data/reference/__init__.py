"""Reference data shipped with the product: policy, districts, codes, words."""
