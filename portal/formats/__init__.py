"""How are dates and times written, language by language?"""
