#ifndef DEMO_H
#define DEMO_H

/* Read the picture in picture.h and say what it shows; 0 where all went well. */
int demo(void (*say)(const char *text));

#endif
