package jakarta.annotation;

/** What the generator writes on its classes; with a build tool it comes from jakarta.annotation-api. */
public @interface Generated {
    String[] value();

    String date() default "";

    String comments() default "";
}
