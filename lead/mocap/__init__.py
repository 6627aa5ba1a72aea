"""Read any motion-capture file as the 22 joints of HumanML3D."""
