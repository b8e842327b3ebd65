"""Training of Riposte's bilingual sentence encoder, from raw text to the folder the program loads. See ../README.md."""
