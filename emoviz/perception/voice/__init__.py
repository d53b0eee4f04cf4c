"""What a voice conveys: speech found, measured and read by a network, whoever speaks into whatever microphone."""
