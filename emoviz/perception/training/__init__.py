"""How the shipped perception models were made: ``emoviz perception train face|voice|text``."""
