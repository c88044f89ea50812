design-none = x
