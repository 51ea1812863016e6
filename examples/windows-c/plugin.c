/* A plugin for Windows in C, written from docs/protocol.md alone: math.Adder, with the method add. It has no
 * callbacks, and takes no registration of any.
 *
 *     x86_64-w64-mingw32-gcc -O2 -o adder.exe plugin.c -ladvapi32
 *
 * A .pconf that starts it: { "Name": "Adder", "NameSpace": "math", "Protocol": 2, "Exec": ["adder.exe"] }
 */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <windows.h>
#include <sddl.h>

#define WAITING 8           /* How many clients can connect at the same time. */
#define MAX_HEAD (64 << 10) /* Of a request. */
#define MAX_TARGET 2048
#define MAX_BODY (1 << 20)
#define MAX_DEPTH 127       /* Of JSON. */
#define LETTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
#define CONTINUE "HTTP/1.1 100 Continue\r\n\r\n"
#define DESCRIPTOR                                                                                     \
    "{\"name\":\"Adder\",\"namespace\":\"math\",\"protocol\":2,\"methods\":[{\"name\":\"add\","         \
    "\"params\":[{\"name\":\"a\",\"type\":\"i64\"},{\"name\":\"b\",\"type\":\"i64\"}],"                 \
    "\"returns\":{\"type\":\"i64\"}}]}"

static char pipe_name[257];
static SECURITY_ATTRIBUTES only_this_user = {sizeof(SECURITY_ATTRIBUTES), NULL, FALSE};
static volatile LONG is_active;

static void give_up(const char *what) {
    fprintf(stderr, "adder: %s: error %lu\n", what, GetLastError());
    exit(1);
}

/* The pipe is for this user and the system alone. */
static void make_security(void) {
    HANDLE token;
    char user[256], text[600], *sid;
    DWORD length;
    if (!OpenProcessToken(GetCurrentProcess(), TOKEN_QUERY, &token)
        || !GetTokenInformation(token, TokenUser, user, sizeof user, &length)
        || !ConvertSidToStringSidA(((TOKEN_USER *)user)->User.Sid, &sid))
        give_up("finding its user");
    snprintf(text, sizeof text, "O:%sD:P(A;;GA;;;%s)(A;;GA;;;SY)", sid, sid);
    if (!ConvertStringSecurityDescriptorToSecurityDescriptorA(text, SDDL_REVISION_1,
                                                              &only_this_user.lpSecurityDescriptor, NULL))
        give_up("making a security descriptor");
}

static HANDLE make_instance(DWORD first) {
    HANDLE pipe = CreateNamedPipeA(pipe_name, PIPE_ACCESS_DUPLEX | first,
                                   PIPE_TYPE_BYTE | PIPE_READMODE_BYTE | PIPE_REJECT_REMOTE_CLIENTS,
                                   PIPE_UNLIMITED_INSTANCES, 65536, 65536, 0, &only_this_user);
    if (pipe == INVALID_HANDLE_VALUE) give_up(pipe_name);
    return pipe;
}

/* Writes a response; returns whether the client has not gone. */
static int answer(HANDLE pipe, const char *status, const char *head, const char *body, size_t length) {
    char response[1024];
    DWORD written;
    int size = snprintf(response, sizeof response, "HTTP/1.1 %s\r\n%sContent-Length: %zu\r\n\r\n", status, head, length);
    return WriteFile(pipe, response, size, &written, NULL)
           && (length == 0 || WriteFile(pipe, body, (DWORD)length, &written, NULL));
}

/* `more` is further members of the problem, each with a comma before it. */
static int problem(HANDLE pipe, const char *status, const char *name, const char *detail, const char *more) {
    char body[2048];
    int size = snprintf(body, sizeof body,
                        "{\"type\":\"urn:goplug:error:%s\",\"title\":\"%s\",\"status\":%d,\"detail\":\"%s\"%s}", name, name,
                        atoi(status), detail, more);
    return answer(pipe, status, "Content-Type: application/problem+json\r\n", body, size);
}

static int bad_request(HANDLE pipe, const char *detail) {
    return problem(pipe, "400 Bad Request", "bad-request", detail, "");
}

/* What follows reads JSON. A plugin with more methods has a library for it. Each of these functions returns the end
 * of what it has read, or NULL if that is no JSON. */

static const char *skip_space(const char *at) {
    return at + strspn(at, " \t\r\n");
}

static const char *skip_string(const char *at) {
    if (*at++ != '"') return NULL;
    for (; *at != '"'; at++) {
        if ((unsigned char)*at < ' ') return NULL;
        if (*at != '\\') continue;
        at++;
        if (*at == 'u' && strspn(at + 1, "0123456789abcdefABCDEF") >= 4) at += 4;
        else if (*at == '\0' || strchr("\"\\/bfnrt", *at) == NULL) return NULL;
    }
    return at + 1;
}

static const char *skip_digits(const char *at) {
    size_t count = strspn(at, "0123456789");
    return count == 0 ? NULL : at + count;
}

static const char *skip_number(const char *at) {
    at += *at == '-';
    if (*at == '0') at++;
    else if ((at = skip_digits(at)) == NULL) return NULL;
    if (*at == '.' && (at = skip_digits(at + 1)) == NULL) return NULL;
    if (*at == 'e' || *at == 'E') at = skip_digits(at + 1 + (at[1] == '+' || at[1] == '-'));
    return at;
}

static const char *skip_value(const char *at, int depth) {
    static const char *const words[] = {"null", "true", "false"};
    if (*at == '"') return skip_string(at);
    for (int word = 0; word < 3; word++)
        if (strncmp(at, words[word], strlen(words[word])) == 0) return at + strlen(words[word]);
    if (*at != '{' && *at != '[') return skip_number(at);
    char end = *at == '{' ? '}' : ']';
    if (depth == 0) return NULL;
    if (*(at = skip_space(at + 1)) == end) return at + 1;
    for (;; at = skip_space(at + 1)) {
        if (end == '}') {
            if ((at = skip_string(at)) == NULL || *(at = skip_space(at)) != ':') return NULL;
            at = skip_space(at + 1);
        }
        if ((at = skip_value(at, depth - 1)) == NULL) return NULL;
        if (*(at = skip_space(at)) == end) return at + 1;
        if (*at != ',') return NULL;
    }
}

/* Whether the whole text is JSON; an empty one means null. */
static int is_json(const char *text, size_t length) {
    const char *at = skip_space(text);
    if (*at != '\0') at = skip_value(at, MAX_DEPTH);
    return at != NULL && skip_space(at) == text + length;
}

/* Finds a parameter in valid JSON, by its name or its position; NULL if it is not there. */
static const char *find_argument(const char *body, const char *name, int position) {
    const char *at = skip_space(body), *found = NULL;
    int is_object = *at == '{';
    if (!is_object && *at != '[') return NULL;
    for (int index = 0; *(at = skip_space(at + 1)) != '}' && *at != ']'; index++) {
        int is_it = index == position;
        if (is_object) {
            is_it = strncmp(at + 1, name, strlen(name)) == 0 && at[1 + strlen(name)] == '"';
            at = skip_space(skip_space(skip_string(at)) + 1);
        }
        if (is_it) found = at;
        if (*(at = skip_space(skip_value(at, MAX_DEPTH))) != ',') break;
    }
    return found;
}

/* Reads one of the parameters, an integer. Returns 0 if it has answered that there is none. */
static int read_integer(HANDLE pipe, const char *body, const char *name, int position, long long *value) {
    char detail[64], more[64], *end;
    const char *found = find_argument(body, name, position);
    snprintf(more, sizeof more, ",\"parameter\":\"%s\",\"expected\":\"i64\"", name);
    errno = 0;
    if (found == NULL) {
        snprintf(detail, sizeof detail, "parameter `%s` of type i64 is missing", name);
    } else if (*value = strtoll(found, &end, 10), end == found || errno != 0 || end != skip_value(found, 1)) {
        snprintf(detail, sizeof detail, "parameter `%s` is no integer of the type i64", name);
    } else {
        return 1;
    }
    problem(pipe, "400 Bad Request", "invalid-arguments", detail, more);
    return 0;
}

static int add(HANDLE pipe, const char *body, size_t length) {
    long long a, b, sum;
    char text[32];
    if (!is_active) return problem(pipe, "503 Service Unavailable", "not-active", "activate it first", "");
    if (!is_json(body, length)) return problem(pipe, "400 Bad Request", "invalid-arguments", "they are no JSON", "");
    if (!read_integer(pipe, body, "a", 0, &a) || !read_integer(pipe, body, "b", 1, &b)) return 1;
    if (__builtin_add_overflow(a, b, &sum))
        return problem(pipe, "500 Internal Server Error", "internal", "the sum is no integer of the type i64", "");
    int size = snprintf(text, sizeof text, "%lld", sum);
    return answer(pipe, "200 OK", "Content-Type: application/json\r\n", text, size);
}

/* Says that there is no such method, with its name as JSON. */
static int unknown_method(HANDLE pipe, const char *method) {
    char detail[1200], *at = detail;
    at += sprintf(at, "there is no method ");
    for (; *method != '\0' && at < detail + sizeof detail - 8; method++)
        at += sprintf(at, strchr("\"\\", *method) || (unsigned char)*method < ' ' ? "\\u%04x" : "%c", *method);
    return problem(pipe, "400 Bad Request", "unknown-method", detail, "");
}

/* A request, whose texts lie in the buffer of its connection. */
struct request {
    char *method, *protocol, *timeout;
    int is_post, expects_continue, is_last;
    size_t length;
};

/* Answers one request; returns whether the connection goes on. */
static int respond(HANDLE pipe, const struct request *request, const char *body) {
    const char *method = request->method;
    if (!request->is_post || *method == '\0') return bad_request(pipe, "it is no POST of a method's name");
    if (strcmp(method, "Activate") == 0) {
        if (request->protocol == NULL || strcmp(request->protocol, "2") != 0)
            return bad_request(pipe, "it speaks version 2 of the protocol");
        if (!is_json(body, request->length)) return bad_request(pipe, "the configuration is no JSON");
        InterlockedExchange(&is_active, 1);
        return answer(pipe, "200 OK", "Goplug-Protocol: 2\r\nContent-Type: application/vnd.goplug+json\r\n",
                      DESCRIPTOR, strlen(DESCRIPTOR));
    }
    if (strcmp(method, "Ping") == 0)
        return answer(pipe, "200 OK", "Content-Type: application/octet-stream\r\n", body, request->length);
    if (strcmp(method, "Stop") == 0) {
        answer(pipe, "200 OK", "", "", 0);
        ExitProcess(0); /* What was written can still be read. */
    }
    if (strcmp(method, "add") != 0) return unknown_method(pipe, method);
    if (request->timeout != NULL) {
        const char *end = skip_digits(request->timeout);
        errno = 0;
        unsigned long long left = strtoull(request->timeout, NULL, 10);
        if (end == NULL || *end != '\0' || errno != 0) return bad_request(pipe, "Goplug-Timeout is no whole number");
        if (left == 0) return problem(pipe, "408 Request Timeout", "deadline-exceeded", "no time is left", "");
    }
    return add(pipe, body, request->length);
}

/* Decodes a segment of a path; returns whether its escapes are well-formed. */
static int decode_segment(char *at) {
    char *to = at;
    for (; *at != '\0' && *at != '/' && *at != '?'; at++) {
        if (*at != '%') {
            *to++ = *at;
            continue;
        }
        if (strspn(at + 1, "0123456789abcdefABCDEF") < 2) return 0;
        char digits[3] = {at[1], at[2], '\0'};
        if ((*to++ = (char)strtol(digits, NULL, 16)) == '\0') return 0;
        at += 2;
    }
    *to = '\0';
    return 1;
}

static int is_utf8(const char *text) {
    return MultiByteToWideChar(CP_UTF8, MB_ERR_INVALID_CHARS, text, -1, NULL, 0) != 0;
}

/* Checks a target, and cuts its first segment out; that is empty if it names no method. Says what is wrong, or NULL. */
static const char *read_target(char *target, char **method) {
    static const char allowed[] = LETTERS "-._~!$&'()*+,;=:@%/?[]";
    if (*target != '/' || target[strspn(target, allowed)] != '\0') return "its target is no path";
    for (char *segment = target, *next; segment != NULL && *segment == '/'; segment = next) {
        char copy[MAX_TARGET];
        next = strpbrk(segment + 1, "/?");
        snprintf(copy, sizeof copy, "%s", segment + 1);
        if (decode_segment(copy) && (strcmp(copy, ".") == 0 || strcmp(copy, "..") == 0))
            return "its target has a segment of dots";
    }
    *method = target + 1;
    if (!decode_segment(*method) || !is_utf8(*method)) **method = '\0';
    return NULL;
}

/* Whether a word is in a list with commas. */
static int is_listed(const char *list, const char *word) {
    for (size_t size; *(list += strspn(list, ", \t")) != '\0'; list += size) {
        size = strcspn(list, ", \t");
        if (size == strlen(word) && _strnicmp(list, word, size) == 0) return 1;
    }
    return 0;
}

/* Checks a header and notes its value. Says what is wrong, or NULL. */
static const char *read_header(char *line, struct request *request, int *hosts, int *lengths) {
    size_t name = strspn(line, LETTERS "!#$%&'*+-.^_`|~");
    char *value = line + name + 1 + strspn(line + name + 1, " \t"), *end = line + strlen(line);
    if (name == 0 || line[name] != ':') return "a header has no name";
    while (end > value && (end[-1] == ' ' || end[-1] == '\t')) *--end = '\0';
    line[name] = '\0';
    if (_stricmp(line, "Host") == 0) {
        static const char allowed[] = LETTERS "-._~!$&'()*+,;=%:[]";
        char *port = strrchr(value, ':');
        if (++*hosts > 1 || value[strspn(value, allowed)] != '\0') return "its Host is not one host";
        if (port != NULL && strchr(port, ']') == NULL && port[1 + strspn(port + 1, "0123456789")] != '\0')
            return "its Host has no valid port";
    } else if (_stricmp(line, "Content-Length") == 0) {
        request->length = strtoull(value, NULL, 10);
        if (++*lengths > 1 || skip_digits(value) != end) return "the length of its body is not one number";
    } else if (_stricmp(line, "Transfer-Encoding") == 0) {
        return "its body has no length";
    } else if (_stricmp(line, "Connection") == 0) {
        if (is_listed(value, "Content-Length") || is_listed(value, "Transfer-Encoding") || is_listed(value, "Host"))
            return "its Connection names what it cannot";
        request->is_last |= is_listed(value, "close");
    } else if (_stricmp(line, "Expect") == 0) {
        request->expects_continue = _stricmp(value, "100-continue") == 0;
    } else if (_stricmp(line, "Goplug-Protocol") == 0) {
        request->protocol = value;
    } else if (_stricmp(line, "Goplug-Timeout") == 0) {
        request->timeout = value;
    }
    return NULL;
}

/* Whether the characters of a head, or of the beginning of one, are such as it can have. */
static int is_clean(const char *head, const char *end) {
    for (const char *at = head; at < end; at++) {
        int ends_line = *at == '\r' ? at + 1 == end || at[1] == '\n' : *at == '\n' && at > head && at[-1] == '\r';
        if (!ends_line && *at != '\t' && iscntrl((unsigned char)*at)) return 0;
    }
    return 1;
}

/* Reads a head, whose last line has its end. Says what is wrong, or NULL. */
static const char *read_head(char *head, struct request *request) {
    int hosts = 0, lengths = 0;
    char *line = head, *end = strstr(line, "\r\n");
    *end = '\0';
    char *target = strchr(line, ' '), *version = target == NULL ? NULL : strchr(target + 1, ' ');
    if (version == NULL || strcmp(version, " HTTP/1.1") != 0) return "its first line is no request of HTTP/1.1";
    *target++ = *version = '\0';
    request->is_post = strcmp(line, "POST") == 0;
    if (strlen(target) >= MAX_TARGET) return "its target is too long";
    const char *fault = read_target(target, &request->method);
    for (line = end + 2; fault == NULL && (end = strstr(line, "\r\n")) != NULL; line = end + 2) {
        *end = '\0';
        fault = read_header(line, request, &hosts, &lengths);
    }
    return fault == NULL && hosts == 0 ? "it has no Host" : fault;
}

/* Reads more into a buffer that may hold so much; returns whether something has come. */
static int receive(HANDLE pipe, char *buffer, size_t *filled, size_t most) {
    DWORD got;
    if (!ReadFile(pipe, buffer + *filled, (DWORD)(most - *filled), &got, NULL) || got == 0) return 0;
    *filled += got;
    buffer[*filled] = '\0';
    return 1;
}

/* Reads the next request and answers it; returns whether another may follow. */
static int serve_request(HANDLE pipe, char *buffer, size_t *filled) {
    struct request request = {0};
    char *end;
    buffer[*filled] = '\0';
    for (;;) {
        size_t empty = strncmp(buffer, "\r\n", 2) == 0 ? 2 : 0; /* A line before the request. */
        memmove(buffer, buffer + empty, (*filled -= empty) + 1);
        end = strstr(buffer, "\r\n\r\n");
        if (!is_clean(buffer, end ? end + 4 : buffer + *filled))
            return bad_request(pipe, "its head has a control character"), 0;
        if (end != NULL) break;
        if (*filled >= MAX_HEAD) return answer(pipe, "431 Request Header Fields Too Large", "", "", 0), 0;
        if (empty == 0 && !receive(pipe, buffer, filled, MAX_HEAD)) return 0;
    }
    size_t head = end + 4 - buffer;
    end[2] = '\0'; /* The head ends with its last line. */
    const char *fault = read_head(buffer, &request);
    if (fault != NULL) return bad_request(pipe, fault), 0;
    if (request.length > MAX_BODY)
        return problem(pipe, "413 Content Too Large", "body-too-large", "1 MiB is allowed", ""), 0;
    if (request.expects_continue && *filled < head + request.length)
        WriteFile(pipe, CONTINUE, strlen(CONTINUE), &(DWORD){0}, NULL);
    while (*filled < head + request.length)
        if (!receive(pipe, buffer, filled, head + request.length)) return 0;
    char *body = malloc(request.length + 1);
    if (body == NULL) return 0;
    memcpy(body, buffer + head, request.length);
    body[request.length] = '\0';
    int goes_on = respond(pipe, &request, body) && !request.is_last;
    free(body);
    memmove(buffer, buffer + head + request.length, *filled -= head + request.length);
    return goes_on;
}

static DWORD WINAPI serve_instances(void *instance) {
    char *buffer = malloc(MAX_HEAD + MAX_BODY + 1);
    for (HANDLE pipe = instance; buffer != NULL;) {
        if (ConnectNamedPipe(pipe, NULL) || GetLastError() == ERROR_PIPE_CONNECTED) {
            /* The next instance is there before this one is served. */
            HANDLE next = make_instance(0);
            CreateThread(NULL, 0, serve_instances, next, 0, NULL);
            for (size_t filled = 0; serve_request(pipe, buffer, &filled);) {}
            break;
        }
        DisconnectNamedPipe(pipe); /* The client had gone before it was served. */
    }
    CloseHandle(instance);
    free(buffer);
    return 0;
}

int main(void) {
    char text[32];
    DWORD length = GetEnvironmentVariableA("GOPLUG_SOCK", pipe_name, sizeof pipe_name);
    if (length == 0 || length >= sizeof pipe_name || !getenv("GOPLUG_PROTOCOL")) {
        fputs("adder: this is a plugin, which a host starts\n", stderr);
        return 2;
    }
    make_security();
    /* Nobody else has the name yet, or this fails. */
    CreateThread(NULL, 0, serve_instances, make_instance(FILE_FLAG_FIRST_PIPE_INSTANCE), 0, NULL);
    for (int instance = 1; instance < WAITING; instance++)
        CreateThread(NULL, 0, serve_instances, make_instance(0), 0, NULL);
    length = GetEnvironmentVariableA("GOPLUG_LIFELINE", text, sizeof text);
    HANDLE lifeline = (HANDLE)(UINT_PTR)_strtoui64(text, NULL, 10);
    if (length == 0 || !SetHandleInformation(lifeline, HANDLE_FLAG_INHERIT, 0)) give_up("taking its lifeline");
    /* What it starts does not inherit it, and is not the plugin. */
    SetEnvironmentVariableA("GOPLUG_LIFELINE", NULL);
    while (ReadFile(lifeline, text, sizeof text, &length, NULL)) {}
    return 0; /* The host is gone. */
}
