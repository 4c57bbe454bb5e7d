"""The domain: what is stored and what is computed; knows no web and no drawing."""
