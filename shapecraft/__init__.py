"""ShapeCraft: text to named parts, each a Blender program. Comes with a later release; nothing here yet."""
