# A Cortex-M computes what this machine does, to the bit:
#
#   cmake -Dcompiler=g++ -Dcross=arm-none-eabi-g++ "-Dprocessor=-mcpu=..." "-Dfusing=-mfma" -Dsize=arm-none-eabi-size
#         -Demulator=qemu-system-arm -Dboard=mps2-an385 "-Dincludes=-I...;-isystem;..." -Dsources=... -Dfolder=...
#         -P check.cmake
#
# `fusing` is what makes this machine fuse the products that the other one does. Prints how large the programs are, and
# where BATCHNORM_MEASURE_STACK is set, how much of the stack they use.

file(MAKE_DIRECTORY "${folder}")
set(options -std=c++20 -Wall -Wextra -Werror ${includes})
set(small -Os -DNDEBUG -fno-exceptions -fno-rtti -fno-threadsafe-statics -ffunction-sections -fdata-sections -Wl,--gc-sections)
foreach(program IN ITEMS program inference)
  execute_process(
    COMMAND "${cross}" ${processor} ${options} ${small} --specs=rdimon.specs -nostartfiles -T "${sources}/memory.ld"
            "${sources}/${program}.cpp" "${sources}/start.cpp" -o "${folder}/${program}.elf"
    COMMAND_ERROR_IS_FATAL ANY
  )
  execute_process(
    COMMAND "${emulator}" -M "${board}" -nographic -semihosting-config enable=on,target=native
            -kernel "${folder}/${program}.elf"
    OUTPUT_VARIABLE there TIMEOUT 60 COMMAND_ERROR_IS_FATAL ANY
  )
  execute_process(
    COMMAND "${compiler}" ${options} ${fusing} -O2 -ffp-contract=off -DEIGEN_DONT_VECTORIZE "${sources}/${program}.cpp"
            -o "${folder}/${program}"
    COMMAND_ERROR_IS_FATAL ANY
  )
  execute_process(COMMAND "${folder}/${program}" OUTPUT_VARIABLE here COMMAND_ERROR_IS_FATAL ANY)
  if(NOT here STREQUAL there)
    message(FATAL_ERROR "here ${program} prints\n${here}\nand on the microcontroller\n${there}")
  endif()
  execute_process(COMMAND "${size}" "${folder}/${program}.elf" COMMAND_ERROR_IS_FATAL ANY)
  if(DEFINED ENV{BATCHNORM_MEASURE_STACK})
    execute_process(
      COMMAND "${cross}" ${processor} ${options} ${small} -DMEASURES_STACK --specs=rdimon.specs -nostartfiles
              -T "${sources}/memory.ld" "${sources}/${program}.cpp" "${sources}/start.cpp" -o "${folder}/measured.elf"
      COMMAND_ERROR_IS_FATAL ANY
    )
    execute_process(
      COMMAND "${emulator}" -M "${board}" -nographic -semihosting-config enable=on,target=native
              -kernel "${folder}/measured.elf"
      TIMEOUT 60 COMMAND_ERROR_IS_FATAL ANY
    )
  endif()
endforeach()
