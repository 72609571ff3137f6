// Arduino: send a frame of 784 bytes (28 x 28, ink 255 on 0) over the serial port, and the answer
// comes back as a line. Put digit.h beside this file: digitnet export c -o digit.h. A board with
// 2 kB, such as an Uno, has room for a frame and a network whose DIGIT_WORK is at most 900; one
// with 8 kB can call digit_frame on a camera's picture, too.

#define DIGIT_IMPLEMENTATION
#include "digit.h"

static uint8_t frame[DIGIT_PIXELS];
static digit_cell work[DIGIT_WORK];

void setup() {
  Serial.begin(115200);
  Serial.setTimeout(5000);
}

void loop() {
  digit_answer answer;
  if (Serial.readBytes((char *)frame, DIGIT_PIXELS) != DIGIT_PIXELS) {
    return;
  }
  const int code = digit_read(frame, work, &answer);
  if (code == DIGIT_UNSURE) {
    Serial.print("unsure: ");
  }
  Serial.print(digit_class(answer.label));
  Serial.print(", ");
  Serial.print(answer.per_mille);
  Serial.println(" per mille");
}
