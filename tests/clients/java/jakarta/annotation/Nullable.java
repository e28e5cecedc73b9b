package jakarta.annotation;

/** What the generator writes on its parameters; with a build tool it comes from jakarta.annotation-api. */
public @interface Nullable {}
